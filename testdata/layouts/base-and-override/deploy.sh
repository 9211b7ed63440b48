#!/bin/sh
set -e
for color in blue green; do
  if [ "$color" != "$(cat .live)" ]; then IDLE=$color; fi
done
docker compose -p "shop-$IDLE" -f docker-compose.yml -f "docker-compose.$IDLE.yml" up -d
sleep 60
sed -i -E "s/shop-app-(blue|green)/shop-app-$IDLE/" proxy/conf.d/default.conf
docker exec shop-nginx nginx -s reload
echo "$IDLE" >.live
