// Room: SSH
