#!/bin/sh
TARGET=$1
docker compose -p "shop-$TARGET" -f "docker-compose.$TARGET.yml" up -d
sleep 30
cat >nginx/conf.d/upstream.conf <<CONF
upstream api { server shop-api-$TARGET:3000; } upstream web { server shop-web-$TARGET:3000; }
CONF
docker exec shop-nginx nginx -t && docker exec shop-nginx nginx -s reload
