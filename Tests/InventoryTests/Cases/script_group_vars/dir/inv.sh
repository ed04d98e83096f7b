#!/bin/sh
echo '{"_meta": {"hostvars": {"a": {"v": "script", "w": "script"}}}, "g": {"hosts": ["a"], "vars": {"v": "g", "u": "g"}}}'
