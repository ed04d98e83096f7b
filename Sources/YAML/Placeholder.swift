// Room: YAML
