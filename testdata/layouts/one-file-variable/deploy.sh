#!/bin/bash
TARGET_COLOR=$1
docker compose up -d "app-$TARGET_COLOR"
sleep 20
echo "set \$service_url http://app-$TARGET_COLOR:3000;" >nginx/service-url.inc
docker compose exec nginx nginx -s reload
