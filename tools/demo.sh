#!/bin/bash
# The README's first command: the whole loop on the shipped SMS messages, then a server to go on labelling in.
set -euo pipefail
cd "$(dirname "$0")/.."
querist=build/querist
folder=${QUERIST_DATA_DIR:-demo-data}
data=examples/sms-spam/data.jsonl.gz
port=${QUERIST_PORT:-8080}

echo "1. Import: 5,574 text messages, ham or spam (SMS Spam Collection, CC BY 4.0)"
$querist import "$data" --data-dir "$folder" --project sms-spam --text text --label label --id id --classes ham,spam
echo
echo "2. The loop: choose, answer with the known labels, learn, again, until 600 labels"
$querist run --data-dir "$folder" --project sms-spam --oracle label --until labels=600
echo
$querist status --data-dir "$folder" --project sms-spam
echo
echo "3. The same with every label known: labels saved against random in a paired simulation, 6 seeds to 300 labels each"
$querist simulate "$data" --text text --label label --split split --strategies auto,margin,random \
  --initial 20 --batch-size 20 --budget 300 --seeds 6 --html "$folder/simulation.html"
echo "   the same as a page: $folder/simulation.html"
echo
[ "${DEMO_EXIT:-}" = 1 ] && exit 0

while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do port=$((port + 1)); done
echo "4. Label on: http://127.0.0.1:$port/projects/sms-spam/label   (Ctrl-C ends the server)"
echo "   The model is served at http://127.0.0.1:$port/v2/models/sms-spam/infer, for example:"
echo "   curl -s http://127.0.0.1:$port/v2/models/sms-spam/infer -d '{\"inputs\": [{\"name\": \"text\", \"shape\": [1], \"datatype\": \"BYTES\", \"data\": [\"You have won a free prize\"]}]}'"
exec $querist serve --data-dir "$folder" --port "$port"
