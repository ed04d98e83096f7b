// Room: Playbook
