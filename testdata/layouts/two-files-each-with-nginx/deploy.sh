#!/bin/bash
NEW_COLOR=${1:?blue or green}
docker compose -f "docker-compose.$NEW_COLOR.yml" up -d
sleep 20
sed "s/@COLOR@/$NEW_COLOR/" default.conf.template >conf.d/default.conf
docker compose -f "docker-compose.$NEW_COLOR.yml" exec -T nginx nginx -s reload
