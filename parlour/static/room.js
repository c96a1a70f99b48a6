// The chat page beyond plain forms: keeps the newest message in view, keeps what could not be sent,
// says how the line is. Without this file the page still asks and answers.

const byId = id => document.getElementById(id);
const room = byId('room'), log = byId('log'), thread = byId('thread'), newer = byId('newer');
const composer = byId('composer'), text = composer.elements.text, unsent = byId('unsent');
const NEAR_END = 60;         // pixels from the end that still count as reading the newest
const AGAIN_AFTER = 2000;    // milliseconds before a stream that never began is tried again
const SLOW_LINE = 1500;      // milliseconds of silence before the reader is told that the line is down

const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), b => b.toString(16).padStart(2, '0')).join('');

// The end of the conversation.

const isFresh = () => thread.children.length < 2;   // nothing was said: the greeting is read from its beginning
let pinned = !isFresh();
const toEnd = () => { log.scrollTop = log.scrollHeight; newer.hidden = true; };
const keepEnd = () => { if (pinned) toEnd(); };
let lastTop = log.scrollTop;
log.addEventListener('scroll', () => {
  // Only the reader scrolls up; a log that shrinks because the foot grew is no reader.
  const up = log.scrollTop < lastTop, atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END;
  lastTop = log.scrollTop;
  if (atEnd) pinned = !isFresh();
  else if (up) pinned = false;
  if (pinned) newer.hidden = true;
}, { passive: true });
newer.addEventListener('click', () => { pinned = true; toEnd(); text.focus(); });
new ResizeObserver(keepEnd).observe(log);

const isMessage = node => node.nodeType === Node.ELEMENT_NODE && node.classList.contains('msg');
let height = log.scrollHeight;
new MutationObserver(changes => {
  const added = changes.flatMap(c => [...c.addedNodes]).filter(isMessage);
  const last = thread.lastElementChild;
  if (added.includes(last)) {
    last.classList.add('arrives');
    if (!pinned) newer.hidden = false;
  }
  keepEnd();
  if (!pinned && olderAsked) log.scrollTop += log.scrollHeight - height;
  olderAsked = false;
  height = log.scrollHeight;
}).observe(thread, { childList: true });

let olderAsked = false;
thread.addEventListener('htmx:before:swap', e => {
  olderAsked = e.detail.ctx.sourceElement.id === 'older';
  height = log.scrollHeight;
});

// Writing and sending.

const fault = byId('fault');
const sayFault = words => { fault.textContent = words; fault.hidden = !words; };
const grow = () => {
  if (CSS.supports('field-sizing', 'content')) return;
  text.style.height = 'auto';
  text.style.height = `${text.scrollHeight + 2}px`;
};
text.addEventListener('input', () => { grow(); sayFault(''); });
text.addEventListener('keydown', e => {
  if (e.key !== 'Enter' || e.shiftKey || e.isComposing) return;
  e.preventDefault();
  if (text.value.trim()) composer.requestSubmit();
});

const isSaying = form => form === composer || form.classList?.contains('ask');
document.addEventListener('htmx:config:request', e => {
  const form = e.target;
  if (!isSaying(form)) return;
  // The body is taken already: what follows is for the next message.
  form.elements.key.value = freshKey();
  pinned = true;
  sayFault('');
  if (form === composer) { text.value = ''; grow(); text.focus(); }
});

const retell = problem => {
  try {
    const { detail, title } = JSON.parse(problem);
    return detail || title;
  } catch {
    return 'The message was not sent.';
  }
};
const mayBeSentAgain = status => status === undefined || status === 429 || status >= 500;

for (const name of ['htmx:error', 'htmx:response:error']) {
  document.addEventListener(name, e => {
    const { ctx } = e.detail;
    if (!ctx) return;
    if (ctx.sourceElement === thread) { lineIsDown(); setTimeout(() => htmx.trigger(thread, 'again'), AGAIN_AFTER); return; }
    if (!isSaying(ctx.sourceElement)) { sayFault('The older messages did not come. Try again in a moment.'); return; }
    const status = ctx.response?.status, said = ctx.request.body.get('text'), key = ctx.request.body.get('key');
    sayFault(status === undefined ? 'The line is down, so your message was not sent. It is kept below.' : retell(ctx.text));
    if (mayBeSentAgain(status)) keepUnsent(said, key);
    else if (!text.value) { text.value = said; grow(); text.focus(); }
  });
}

// What could not be sent stays on the page, with the key that makes sending it again safe.

const sendAgain = item => {
  item.remove();
  unsent.hidden = !unsent.children.length;
  const { said, key } = item.dataset;
  const values = { text: said, key };
  htmx.ajax('POST', composer.action, { source: carrier, target: thread, swap: 'upsert key:data-seq', values });
};
const keepUnsent = (said, key) => {
  const item = document.createElement('li'), words = document.createElement('span');
  Object.assign(item.dataset, { said, key });
  words.textContent = said;
  const button = (label, press) => {
    const b = document.createElement('button');
    Object.assign(b, { type: 'button', textContent: label, className: 'quiet' });
    b.addEventListener('click', press);
    return b;
  };
  const drop = () => { item.remove(); unsent.hidden = !unsent.children.length; sayFault(''); text.focus(); };
  item.append(words, button('Send again', () => { sayFault(''); sendAgain(item); }), button('Remove', drop));
  unsent.append(item);
  unsent.hidden = false;
};
// A form of its own carries such a message, so that the composer keeps what is being typed.
const carrier = document.createElement('form');
carrier.className = 'ask';
carrier.hidden = true;
for (const name of ['text', 'key']) {
  const field = document.createElement('input');
  Object.assign(field, { type: 'hidden', name });
  carrier.append(field);
}
carrier.setAttribute('hx-sync', '#composer:queue all');
room.append(carrier);

// The line.

const line = byId('line');
let lineTimer;
const sayLine = words => { line.textContent = words; line.hidden = !words; keepEnd(); };
const lineIsDown = () => {
  clearTimeout(lineTimer);
  lineTimer = setTimeout(() => sayLine(navigator.onLine
    ? 'The connection is lost. Trying again. Nothing you sent is lost.'
    : 'You are offline. New messages come when you are back.'), SLOW_LINE);
};
const lineIsUp = () => { clearTimeout(lineTimer); sayLine(''); };
thread.addEventListener('htmx:sse:error', lineIsDown);
thread.addEventListener('htmx:sse:before:connection', e => { if (e.detail.connection.attempt > 0 && !document.hidden) lineIsDown(); });
thread.addEventListener('htmx:sse:after:connection', lineIsUp);
addEventListener('offline', lineIsDown);
addEventListener('online', () => { for (const item of [...unsent.children]) sendAgain(item); sayFault(''); });

// What the stream says besides messages.

thread.addEventListener('htmx:sse:before:message', e => {
  const { event, id } = e.detail.message;
  if (!event && byId(`m-${id}`)) e.preventDefault();
});
const typing = byId('typing'), typingWords = byId('typing-words');
thread.addEventListener('typing', e => {
  typing.hidden = e.detail.data !== '1';
  typingWords.textContent = typing.hidden ? '' : `${room.dataset.bank}'s program is writing`;
  keepEnd();
});
thread.addEventListener('standing', e => {
  const { words, linked } = JSON.parse(e.detail.data);
  byId('standing-words').textContent = words;
  byId('standing').classList.toggle('linked', linked);
  byId('stop').hidden = !linked;
});
thread.addEventListener('over', () => sayLine('This conversation is over: it was erased, or open for a very long time. Load the page again to go on.'));

byId('still')?.remove();
if (location.hash) byId(location.hash.slice(1))?.scrollIntoView();
else keepEnd();
document.documentElement.dataset.ready = '1';
