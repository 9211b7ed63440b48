#!/bin/bash
NEW=$1
docker compose -f "compose.$NEW-deploy.yml" up -d
sleep 30
sed -i -E "s/app-(blue|green)/app-$NEW/" proxy/conf.d/default.conf
docker exec shop-nginx nginx -s reload
