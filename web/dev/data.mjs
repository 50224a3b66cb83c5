// Invented examples of the three kinds a page shows: short messages, table rows and small pictures.
import { deflateSync } from 'node:zlib';

/** A small generator of its own (Steele et al. 2014, SplitMix), so that a run looks the same every time. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return ((z ^ (z >>> 16)) >>> 0) / 2 ** 32;
  };
}

const topics = {
  travel: [
    'book a train to {p}',
    'do i need a visa for {p}',
    'what plug do they use in {p}',
    'find a hotel in {p}',
  ],
  banking: [
    'what is my balance',
    'move {n} to my savings account',
    'i forgot the pin of my account',
    'pay the bill from {p}',
  ],
  'credit cards': [
    'my card was declined in {p}',
    'raise the limit of my card to {n}',
    'i lost my card',
    'what are my rewards worth',
  ],
  utility: [
    'set a timer for {n} minutes',
    'call my sister',
    'what is {n} times {n}',
    'find my phone',
  ],
  work: [
    'how many days off do i have',
    'schedule a meeting at {n}',
    'when is my pay day',
    'i want to see my tax form',
  ],
  home: [
    'add milk to my shopping list',
    'dim the lights',
    'play music in the kitchen',
    'remind me at {n}',
  ],
  'kitchen & dining': [
    'how long do i cook rice',
    'book a table for {n} in {p}',
    'what goes with fish',
    'how many calories has an egg',
  ],
  'auto & commute': [
    'how is the traffic to {p}',
    'are my tires low on air',
    'when should i change the oil',
    'route to {p} please',
  ],
  'small talk': ['how are you', 'tell me a joke', 'where were you born', 'what do you do for fun'],
  'about the assistant': [
    'what can you do',
    'speak slower please',
    'change your name to {p}',
    'set the volume to {n}',
  ],
};
const places = ['Lisbon', 'Oslo', 'Kyoto', 'Lima', 'Accra', 'Graz', 'Quebec', 'Hobart'];

export function messages(count) {
  const random = randomFrom(7);
  const classes = Object.keys(topics);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const rows = Array.from({ length: count }, (_, i) => {
    const label = pick(classes);
    const text = pick(topics[label])
      .replaceAll('{p}', () => pick(places))
      .replaceAll('{n}', () => 2 + Math.floor(random() * 58));
    return { external_id: `message-${i + 1}`, text: `${text}, number ${i + 1}`, truth: label };
  });
  return { classes, rows };
}

export function incomes(count) {
  const random = randomFrom(11);
  const pick = (list) => list[Math.floor(random() * list.length)];
  const rows = Array.from({ length: count }, (_, i) => {
    const age = 18 + Math.floor(random() * random() * 60);
    const hours = 10 + Math.floor(random() * 60);
    const gain = random() < 0.1 ? Math.floor(random() * 15_000) : 0;
    const columns = {
      age: String(age),
      workclass: pick(['Private', 'State-gov', 'Self-emp', 'Local-gov']),
      education: pick(['Bachelors', 'HS-grad', 'Masters', 'Some-college']),
      education_num: String(6 + Math.floor(random() * 10)),
      marital_status: pick(['Never-married', 'Married', 'Divorced']),
      occupation: pick(['Sales', 'Adm-clerical', 'Craft-repair', 'Exec']),
      capital_gain: String(gain),
      hours_per_week: String(hours),
    };
    return {
      external_id: `person-${i + 1}`,
      columns,
      truth: gain > 5000 || (age > 35 && hours > 45) ? 'over 50K' : '50K or less',
    };
  });
  return { classes: ['50K or less', 'over 50K'], rows };
}

/** Grey pictures of 28 x 28 pixels: a bar, a ring or a cross, a little out of place. */
export function shapes(count) {
  const random = randomFrom(13);
  const classes = ['bar', 'ring', 'cross'];
  const rows = Array.from({ length: count }, (_, i) => {
    const truth = classes[Math.floor(random() * 3)];
    const [cx, cy, size] = [10 + random() * 8, 10 + random() * 8, 5 + random() * 4];
    const pixels = Buffer.alloc(28 * 28);
    for (let y = 0; y < 28; y++) {
      for (let x = 0; x < 28; x++) {
        const [dx, dy] = [x - cx, y - cy];
        const inside =
          truth === 'bar'
            ? Math.abs(dx) < 2 && Math.abs(dy) < size
            : truth === 'ring'
              ? Math.abs(Math.hypot(dx, dy) - size) < 1.6
              : Math.abs(Math.abs(dx) - Math.abs(dy)) < 1.5 && Math.abs(dx) < size;
        pixels[y * 28 + x] = inside ? 230 - random() * 40 : random() * 30;
      }
    }
    return { external_id: `shape-${i + 1}`, image: png(28, 28, pixels), truth };
  });
  return { classes, rows };
}

export function png(width, height, grey) {
  const lines = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; y++)
    grey.copy(lines, y * (width + 1) + 1, y * width, (y + 1) * width);
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head[8] = 8;
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(lines)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(kind, body) {
  const out = Buffer.alloc(body.length + 12);
  out.writeUInt32BE(body.length, 0);
  out.write(kind, 4, 'latin1');
  body.copy(out, 8);
  let crc = 0xffffffff;
  for (const byte of out.subarray(4, body.length + 8)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  out.writeUInt32BE((crc ^ 0xffffffff) >>> 0, body.length + 8);
  return out;
}
