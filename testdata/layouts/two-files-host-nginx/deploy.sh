#!/bin/bash
CURRENT_PORT=$(grep -Eo '[0-9]+;' /etc/nginx/service-url.inc | tr -d ';')
if [ "$CURRENT_PORT" = "8081" ]; then
  TARGET_COLOR="green"
  TARGET_PORT=8082
else
  TARGET_COLOR="blue"
  TARGET_PORT=8081
fi
docker compose -p "shop-$TARGET_COLOR" -f "docker-compose.$TARGET_COLOR.yml" up -d
for i in $(seq 1 10); do
  curl -sf "http://127.0.0.1:${TARGET_PORT}/health" && break
  sleep 5
done
echo "set \$service_url http://127.0.0.1:${TARGET_PORT};" | sudo tee /etc/nginx/service-url.inc
sudo nginx -s reload
