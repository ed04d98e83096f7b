// Room: Target
