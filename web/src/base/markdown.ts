// The guideline's Markdown as a tree: headings, paragraphs, quotes, lists, bold, emphasis, code. Never HTML.

export type Inline = { kind: 'text' | 'strong' | 'em' | 'code'; text: string };
export type Block =
  | { kind: 'heading'; inline: Inline[] }
  | { kind: 'paragraph'; inline: Inline[] }
  | { kind: 'quote'; inline: Inline[] }
  | { kind: 'list'; ordered: boolean; items: Inline[][] };

const INLINE =
  /`([^`\n]+)`|\*\*([^*\n]+)\*\*|__([^_\n]+)__|\*([^*\n]+)\*|(?<!\w)_([^_\n]+)_(?!\w)/g;

export function inline(text: string): Inline[] {
  const out: Inline[] = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > at) out.push({ kind: 'text', text: text.slice(at, match.index) });
    const [, code, bold, bold2, em, em2] = match;
    if (code !== undefined) out.push({ kind: 'code', text: code });
    else if (bold ?? bold2) out.push({ kind: 'strong', text: (bold ?? bold2) as string });
    else out.push({ kind: 'em', text: (em ?? em2) as string });
    at = match.index + match[0].length;
  }
  if (at < text.length) out.push({ kind: 'text', text: text.slice(at) });
  return out;
}

export function markdown(source: string): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let quoted = false;
  const flush = () => {
    if (paragraph.length)
      blocks.push({ kind: quoted ? 'quote' : 'paragraph', inline: inline(paragraph.join(' ')) });
    paragraph = [];
    quoted = false;
  };
  for (const raw of source.split(/\r?\n/)) {
    const text = raw.trim();
    const heading = /^#{1,6}\s+(.+?)\s*#*$/.exec(text);
    const item = /^(?:[-*+]|(\d{1,9})[.)])\s+(.+)$/.exec(text);
    const quote = /^>\s?(.*)$/.exec(text);
    if (!text) {
      flush();
    } else if (quote) {
      if (!quoted) flush();
      quoted = true;
      if (quote[1]) paragraph.push(quote[1]);
    } else if (heading) {
      flush();
      blocks.push({ kind: 'heading', inline: inline(heading[1] as string) });
    } else if (item) {
      flush();
      const ordered = item[1] !== undefined;
      const last = blocks.at(-1);
      if (last?.kind === 'list' && last.ordered === ordered)
        last.items.push(inline(item[2] as string));
      else blocks.push({ kind: 'list', ordered, items: [inline(item[2] as string)] });
    } else {
      const last = blocks.at(-1);
      // An indented line under a list item belongs to that item.
      if (!paragraph.length && last?.kind === 'list' && /^\s/.test(raw)) {
        last.items.at(-1)?.push({ kind: 'text', text: ' ' }, ...inline(text));
      } else paragraph.push(text);
    }
  }
  flush();
  return blocks;
}
