// Room: Planning
