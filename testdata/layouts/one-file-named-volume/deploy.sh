#!/bin/bash
NEW=$1
docker compose up -d "app-$NEW"
sleep 20
docker exec shop-nginx sed -i -E "s/app-(blue|green)/app-$NEW/" /etc/nginx/conf.d/default.conf
docker exec shop-nginx nginx -s reload
