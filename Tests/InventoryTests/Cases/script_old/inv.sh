#!/bin/sh
if [ "$1" = --list ]; then echo '{"g": ["a", "b"], "p": {"children": ["g"], "vars": {"v": true}}}'; else echo "{\"me\": \"$2\"}"; fi
