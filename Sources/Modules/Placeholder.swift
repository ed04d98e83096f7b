// Room: Modules
