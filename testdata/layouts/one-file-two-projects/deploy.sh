#!/bin/bash
BLUE_PORT=8081
GREEN_PORT=8082
if grep -q "$BLUE_PORT" proxy/conf.d/default.conf; then
  COLOUR=green
  HTTP_PORT=$GREEN_PORT
else
  COLOUR=blue
  HTTP_PORT=$BLUE_PORT
fi
COLOUR=$COLOUR HTTP_PORT=$HTTP_PORT docker compose -p "shop-$COLOUR" up -d
sleep 30
sed -i -E "s/127.0.0.1:($BLUE_PORT|$GREEN_PORT)/127.0.0.1:$HTTP_PORT/" proxy/conf.d/default.conf
docker exec shop-nginx nginx -s reload
