#!/bin/bash
set -e
NEW_COLOR=$1
docker compose build "app-$NEW_COLOR"
docker compose run --rm migrate
docker compose up -d "app-$NEW_COLOR"
sleep 45
sed -i -E "s/app-(blue|green):3000/app-$NEW_COLOR:3000/" conf.d/default.conf
docker compose restart nginx
