#!/bin/sh
echo "trouble ahead" >&2
echo "{\"g\": {\"hosts\": [\"h\"]}, \"_meta\": {\"hostvars\": {}}}"
