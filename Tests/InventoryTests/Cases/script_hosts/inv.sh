#!/bin/sh
case $1 in
--list) echo '{"web": ["s1", "s2"], "db": {"hosts": ["s3"], "vars": {"k": "v"}}}' ;;
--host) [ "$2" = s1 ] && echo '{"own": "s1"}' || echo '{}' ;;
esac
