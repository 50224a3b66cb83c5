// What is said to a screen reader, politely, one sentence at a time.

class Announcer {
  text = $state('');

  say(sentence: string): void {
    this.text = sentence;
  }
}

export const announcer = new Announcer();
