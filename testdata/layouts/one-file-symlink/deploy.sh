#!/usr/bin/env bash
NEXT=${1:-green}
docker compose up -d "app-$NEXT"
sleep 10
ln -sfn "colours/$NEXT.conf" nginx/upstream.conf
docker compose exec -T nginx nginx -s reload
