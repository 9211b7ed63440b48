#!/bin/bash
if docker compose ps --services --status running | grep -qx app-green; then
  OLD=green NEW=blue
else
  OLD=blue NEW=green
fi
docker compose --profile green up -d "app-$NEW"
sleep 15
sed -i "s/server app-$OLD:3000/server app-$NEW:3000/" conf.d/default.conf
docker exec shop-nginx nginx -s reload
docker compose stop "app-$OLD"
