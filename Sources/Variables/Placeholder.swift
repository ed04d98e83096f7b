// Room: Variables
