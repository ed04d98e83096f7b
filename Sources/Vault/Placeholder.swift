// Room: Vault
