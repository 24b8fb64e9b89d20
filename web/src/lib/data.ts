// Reads the free-form `data` of special messages carefully: what is missing or of another shape is left out. Pure.

export interface Place { latitude: number; longitude: number; name: string; address: string }
export interface Card { name: string; lines: string[] }
export interface OrderLine { item: string; quantity: number }

/** What the channel told beside the text; every channel in its own way. */
type Data = unknown;

function record(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

export function place(data: Data): Place | null {
  const at = record(record(data)['location'] ?? data);
  const latitude = Number(at['latitude']);
  const longitude = Number(at['longitude']);
  if (at['latitude'] === undefined || !Number.isFinite(latitude) || !Number.isFinite(longitude)) return null;
  return { latitude, longitude, name: text(at['name']), address: text(at['address']) };
}

export function mapLink(at: Place): string {
  const pin = `mlat=${at.latitude}&mlon=${at.longitude}`;
  return `https://www.openstreetmap.org/?${pin}#map=16/${at.latitude}/${at.longitude}`;
}

export function cards(data: Data): Card[] {
  return list(record(data)['contacts'] ?? data).map((one) => {
    const person = record(one);
    const name = record(person['name']);
    const lines = [...list(person['phones']), ...list(person['emails'])]
      .map((entry) => text(entry) || text(record(entry)['phone']) || text(record(entry)['email']))
      .filter((line) => line !== '');
    return { name: text(person['name']) || text(name['formatted_name']) || lines[0] || '', lines };
  });
}

export function chosen(data: Data): { title: string; description: string } {
  const told = record(data);
  const answer = record(told['button_reply'] ?? told['list_reply'] ?? told['button'] ?? data);
  return { title: text(answer['title']) || text(answer['text']), description: text(answer['description']) };
}

export function orderLines(data: Data): OrderLine[] {
  const order = record(record(data)['order'] ?? data);
  return list(order['items'] ?? order['product_items']).map((one) => {
    const line = record(one);
    return { item: text(line['name']) || text(line['product_retailer_id']), quantity: Number(line['quantity']) || 1 };
  });
}
