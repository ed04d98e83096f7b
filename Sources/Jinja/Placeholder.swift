// Room: Jinja
