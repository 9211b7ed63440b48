#!/bin/bash
set -e
if docker ps --format '{{.Names}}' | grep -q shop-app-blue; then
  OLD=blue NEW=green
else
  OLD=green NEW=blue
fi
docker compose -f "docker-compose.$NEW.yml" up -d
sleep 50
sed -i "s/shop-app-$OLD/shop-app-$NEW/" proxy/conf.d/default.conf
docker exec shop-nginx nginx -s reload
docker compose -f "docker-compose.$OLD.yml" stop
docker image prune -af
