#!/bin/bash
BLUE_PORT=8081
GREEN_PORT=8082
if curl -s "localhost:$BLUE_PORT" >/dev/null; then
  NEW=green NEW_PORT=$GREEN_PORT
else
  NEW=blue NEW_PORT=$BLUE_PORT
fi
docker compose up -d "app-$NEW"
sleep 30
sudo sed -i -E "s/127.0.0.1:($BLUE_PORT|$GREEN_PORT)/127.0.0.1:$NEW_PORT/" /etc/nginx/conf.d/site.conf
sudo systemctl reload nginx
