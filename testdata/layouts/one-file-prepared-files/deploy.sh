#!/bin/bash
ACTIVE=$(docker exec shop-nginx grep -o 'blue\|green' /etc/nginx/conf.d/upstream.conf)
if [ "$ACTIVE" = "blue" ]; then
  TARGET=green
else
  TARGET=blue
fi
docker compose up -d --no-deps "app-$TARGET"
for i in $(seq 1 30); do
  [ "$(docker inspect -f '{{.State.Health.Status}}' "shop-app-$TARGET")" = healthy ] && break
  sleep 2
done
cp "prepared/upstream-$TARGET.conf" nginx/upstream.conf
docker compose exec nginx nginx -s reload
docker compose stop "app-$ACTIVE"
