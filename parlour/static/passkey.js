// Ceremonies with a passkey: making one, and proving one. The form says which and where.

const form = document.querySelector('form[data-ceremony]');
const button = form.querySelector('button');
const fault = form.querySelector('.fault');
const making = form.dataset.ceremony === 'register';

const say = words => { fault.textContent = words; fault.hidden = !words; };

const send = async (step, body) => {
  const answer = await fetch(`${form.getAttribute('action')}/${step}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw new Error(`${told.detail} ${told.remedy}`);
  return told;
};

const ceremony = async () => {
  const { publicKey } = await send('begin', {});
  if (making) {
    const made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
    return send('finish', { label: form.elements.label.value, answer: made.toJSON() });
  }
  const proved = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  return send('finish', { answer: proved.toJSON() });
};

form.addEventListener('submit', async event => {
  event.preventDefault();
  say('');
  if (!window.PublicKeyCredential?.parseCreationOptionsFromJSON) {
    return say('This browser is too old for passkeys. Use a newer one.');
  }
  button.disabled = true;
  try {
    location.assign((await ceremony()).to);
  } catch (e) {
    const cancelled = e.name === 'NotAllowedError';
    const known = e.name === 'InvalidStateError';
    say(cancelled ? 'No passkey was used: it was cancelled, or took too long. Try again.'
      : known ? 'This device has a passkey of yours already. Use another device.' : e.message);
    button.disabled = false;
  }
});
