#!/bin/bash
current=$(grep -o 'shop-app-[a-z]*' proxy/default.conf | head -n 1)
case "$current" in
  *-blue) target=green ;;
  *) target=blue ;;
esac
docker-compose -f "compose.$target.yml" up -d --force-recreate
until curl -fs "http://127.0.0.1:8080/health"; do sleep 1; done
sed "s/$current/shop-app-$target/" proxy/default.conf >/tmp/default.conf
cat /tmp/default.conf >proxy/default.conf
docker kill -s HUP shop-nginx
