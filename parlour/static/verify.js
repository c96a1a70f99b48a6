// Checks a receipt (c2sp.org/tlog-proof) in this browser. Sends nothing, loads nothing, keeps nothing.
// Formats: docs/access-log.md. The hashes are those of RFC 6962, section 2.1.
"use strict";
(() => {
  const FIRST_LINE = "c2sp.org/tlog-proof@v1";
  const KEY_BYTES = 32;
  const LOG_KEY = 1, WITNESS_KEY = 4;
  const MOST_BYTES = 256 * 1024;
  const $ = (id) => document.getElementById(id);
  const utf8 = new TextEncoder();

  class Unreadable extends Error {}

  // ---- bytes

  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
    return all;
  };
  const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const fromBase64 = (text, what) => {
    try {
      const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
      if (text && base64(bytes) === text) return bytes;
    } catch { /* said below */ }
    throw new Unreadable(`${what} is not base64`);
  };
  const fromHex = (text) => {
    if (!/^[0-9a-f]{64}$/.test(text)) throw new Unreadable("the digest of the rules is not 64 hexadecimal digits");
    return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
  };
  const bigEndian = (number) => {
    const bytes = new DataView(new ArrayBuffer(8));
    bytes.setBigInt64(0, number);
    return new Uint8Array(bytes.buffer);
  };
  const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  const number = (text, what) => {
    if (!/^(0|[1-9][0-9]{0,14})$/.test(text ?? "")) throw new Unreadable(`${what} is not a plain number`);
    return BigInt(text);
  };

  // ---- the receipt

  const read = (text) => {
    if (text.length > MOST_BYTES) throw new Unreadable("it is far too long for a receipt");
    const middle = text.indexOf("\n\n");
    if (middle < 0) throw new Unreadable("there is no empty line before a checkpoint");
    const lines = text.slice(0, middle).split("\n");
    if (lines.shift() !== FIRST_LINE) throw new Unreadable(`its first line is not ${FIRST_LINE}`);
    const extra = lines.shift() ?? "";
    if (!extra.startsWith("extra ")) throw new Unreadable("it has no line with the record");
    const opening = fromBase64(extra.slice(6), "the record");
    if (opening.length <= KEY_BYTES) throw new Unreadable("the record is too short");
    const index = lines.shift() ?? "";
    if (!index.startsWith("index ")) throw new Unreadable("it has no line with its place in the log");
    return {
      key: opening.slice(0, KEY_BYTES),
      record: opening.slice(KEY_BYTES),
      index: number(index.slice(6), "its place in the log"),
      proof: lines.map((line) => fromBase64(line, "a hash of the proof")),
      checkpoint: readCheckpoint(text.slice(middle + 2)),
    };
  };

  const readCheckpoint = (note) => {
    const middle = note.lastIndexOf("\n\n");
    if (middle < 0 || !note.endsWith("\n")) throw new Unreadable("the checkpoint has no signatures");
    const body = note.slice(0, middle + 1);
    const lines = body.split("\n");
    if (lines.length !== 4) throw new Unreadable("the checkpoint has other than three lines");
    const signatures = note.slice(middle + 2, -1).split("\n").map((line) => {
      const parts = line.match(/^\u2014 (\S+) (\S+)$/);
      if (!parts) throw new Unreadable("a signature line is broken");
      const bytes = fromBase64(parts[2], "a signature");
      return { name: parts[1], id: bytes.slice(0, 4), signature: bytes.slice(4) };
    });
    return { body, origin: lines[0], size: number(lines[1], "the size of the log"), root: fromBase64(lines[2], "the root"), signatures };
  };

  // A consent that was given, paused, resumed or ended. All else is a decision of the gate.
  const isChange = (record) => typeof record.event === "string" && typeof record.consent === "string" && Number.isInteger(record.seq);

  const readRecord = (bytes) => {
    try {
      const record = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      if (record && typeof record === "object" && (isChange(record) || typeof record.allowed === "boolean")) return record;
    } catch { /* said below */ }
    throw new Unreadable("the record is neither a decision nor a change of a consent, in JSON");
  };

  // ---- the checks

  const leafOf = async (receipt, record) => {
    const time = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):\d\d:\d\d(\.\d+)?Z$/.exec(record.at);
    if (!time) throw new Unreadable("the record's time is not one");
    const hour = Date.UTC(+time[1], +time[2] - 1, +time[3], +time[4]) / 3600000;
    const key = await crypto.subtle.importKey("raw", receipt.key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const commitment = new Uint8Array(await crypto.subtle.sign("HMAC", key, receipt.record));
    if (isChange(record)) return join(Uint8Array.of(2), bigEndian(BigInt(hour)), commitment);
    const head = Uint8Array.of(1, record.allowed ? 1 : 0);
    return join(head, bigEndian(BigInt(hour)), fromHex(record.policy_digest), commitment);
  };

  // RFC 9162, section 2.1.3.2.
  const isInTree = async (leaf, { index, proof, checkpoint: { size, root } }) => {
    if (index >= size) return false;
    let [at, last, hash] = [index, size - 1n, await sha256(Uint8Array.of(0), leaf)];
    for (const beside of proof) {
      if (last === 0n) return false;
      if (at & 1n || at === last) {
        hash = await sha256(Uint8Array.of(1), beside, hash);
        while (!(at & 1n) && at !== 0n) { at >>= 1n; last >>= 1n; }
      } else {
        hash = await sha256(Uint8Array.of(1), hash, beside);
      }
      at >>= 1n; last >>= 1n;
    }
    return last === 0n && same(hash, root);
  };

  const readKeys = async (text) => Promise.all(text.split(/\s+/).filter(Boolean).map(async (line) => {
    const parts = line.match(/^([^+\s]+)\+([0-9a-f]{8})\+(.+)$/);
    if (!parts) throw new Unreadable(`“${line.slice(0, 60)}” is not a verifier key`);
    const bytes = fromBase64(parts[3], "a verifier key");
    const id = (await sha256(utf8.encode(`${parts[1]}\n`), bytes)).slice(0, 4);
    const hex = [...id].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (hex !== parts[2] || bytes.length !== 33) throw new Unreadable(`the verifier key of ${parts[1]} was changed`);
    return { name: parts[1], id, kind: bytes[0], key: bytes.slice(1) };
  }));

  const signed = async (key, body, signature) => {
    const publicKey = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, publicKey, signature, body);
  };

  // True: a key of this kind signed. False: a line claims to be by one and is not. Null: there is no such line.
  const signers = async (checkpoint, keys, kind) => {
    const found = [];
    for (const { name, id, key } of keys.filter((one) => one.kind === kind)) {
      for (const line of checkpoint.signatures.filter((one) => one.name === name && same(one.id, id))) {
        const time = line.signature.slice(0, 8);
        const body = utf8.encode(checkpoint.body);
        const good = kind === LOG_KEY
          ? name === checkpoint.origin && await signed(key, body, line.signature)
          : await signed(key, join(utf8.encode(`cosignature/v1\ntime ${new DataView(time.buffer).getBigUint64(0)}\n`), body), line.signature.slice(8));
        found.push({ name, good });
      }
    }
    return found;
  };

  // ---- what is shown

  const DATA = { accounts: "the list of your accounts", balances: "your balances", transactions: "your transactions", merchant_places: "the places where you shopped" };
  const CHANNELS = { web: "the bank’s own chat page", messenger: "Messenger", whatsapp: "WhatsApp", matrix: "Matrix" };
  const plain = (text) => String(text).replaceAll("_", " ");

  const moment = (at) => new Date(at).toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });

  const CHANGES = { give: "It was given, and the sharing began", pause: "It was paused", resume: "The pause ended", withdraw: "The customer ended it", revoke: "The bank ended it", expire: "Its time was over", supersede: "A newer one took its place", refuse: "It was not given" };
  const WAYS = { chat: "in the chat", page: "on the privacy page", at_bank: "at the bank", pull_out: "by the bank, for its customers", expiry: "by itself", newer: "by a newer consent", erasure: "when everything was erased" };

  const changeWords = (record) => [
    ["Consent", CHANGES[record.event] ?? plain(record.event)],
    ["How", WAYS[record.how] ?? plain(record.how ?? "not said")],
    ...(typeof record.reason === "string" ? [["The reason given", record.reason]] : []),
    ["When", moment(record.at)],
    ["State from then on", plain(record.state ?? "not said")],
    ["Bank", plain(record.bank ?? "not said")],
    ["Consent number", record.consent],
  ];

  const words = (record) => isChange(record) ? changeWords(record) : [
    ["Decision", record.allowed ? "Yes: the data was read" : "No: nothing was read"],
    ["When", moment(record.at)],
    ["Which data", DATA[record.data_class] ?? plain(record.data_class ?? "not said")],
    ["What for", plain(record.purpose ?? "not said")],
    ["Bank", plain(record.bank ?? "not said")],
    ["Where it was asked", CHANNELS[record.channel] ?? plain(record.channel ?? "not said")],
    ["Accounts", Array.isArray(record.accounts) && record.accounts.length ? record.accounts.join(", ") : "none named"],
    ["Rules that held", record.policy_digest],
  ];

  const make = (tag, text, className) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    if (className) made.className = className;
    return made;
  };

  const STATES = { good: "Holds", bad: "Does not hold", open: "Not checked" };
  const show = (verdict, checks, record, bytes) => {
    $("verdict").textContent = verdict.text;
    $("verdict").dataset.proven = verdict.proven;
    $("checks").replaceChildren(...checks.map(({ id, state, title, detail }) => {
      const item = make("li");
      item.id = `check-${id}`;
      item.dataset.state = state;
      item.append(make("span", STATES[state], `chip ${state === "good" ? "good" : "warn"}`), " ", make("b", title), make("p", detail));
      return item;
    }));
    $("record").replaceChildren(...(record ? words(record) : []).map(([term, text]) => {
      const row = make("div");
      row.append(make("dt", term), make("dd", text));
      return row;
    }));
    $("raw").textContent = bytes ? new TextDecoder().decode(bytes) : "";
    $("record-part").hidden = !record;
    $("result").hidden = false;
    $("verdict").focus();
  };

  const check = async (text, keyText) => {
    const checks = [];
    const note = (id, state, title, detail) => { checks.push({ id, state, title, detail }); return state === "good"; };
    let receipt, record, leaf, keys;
    try {
      receipt = read(text.replaceAll("\r\n", "\n"));
      record = readRecord(receipt.record);
      leaf = await leafOf(receipt, record);
      note("format", "good", "The receipt can be read", `It is about entry ${receipt.index} of the log ${receipt.checkpoint.origin}.`);
    } catch (fault) {
      if (!(fault instanceof Unreadable)) throw fault;
      note("format", "bad", "The receipt can be read", `It cannot: ${fault.message}.`);
      return show({ proven: false, text: "This receipt proves nothing." }, checks);
    }
    const size = receipt.checkpoint.size;
    const inTree = await isInTree(leaf, receipt);
    note("entry", inTree ? "good" : "bad", "This record is the one in the log", inTree
      ? `The record below makes entry ${receipt.index}, and that entry is in the tree of ${size} entries. Any other record would make another entry.`
      : `The record below does not make entry ${receipt.index} of the tree of ${size} entries. The record, its key, a hash or the checkpoint was changed.`);
    let isSigned = false;
    try {
      keys = await readKeys(keyText);
      const log = await signers(receipt.checkpoint, keys, LOG_KEY);
      const wrong = log.some(({ good }) => !good);
      isSigned = log.length > 0 && !wrong;
      note("signature", isSigned ? "good" : "bad", "The log signed it", isSigned
        ? "The checkpoint is signed with a key that you named."
        : wrong ? "A signature is said to be by a key that you named, and is not. The checkpoint or its signature was changed."
          : `No signature is by a key that you named. Name the verifier key of ${receipt.checkpoint.origin}.`);
      const witnesses = await signers(receipt.checkpoint, keys, WITNESS_KEY);
      if (witnesses.length) {
        const good = witnesses.every((one) => one.good);
        isSigned &&= good;
        note("witnesses", good ? "good" : "bad", "Witnesses signed it too", good
          ? `Signed by ${[...new Set(witnesses.map((one) => one.name))].join(", ")}: they have seen no other history of this log.`
          : "A signature is said to be by a witness that you named, and is not.");
      }
    } catch (fault) {
      if (fault instanceof Unreadable) note("signature", "bad", "The log signed it", `The keys cannot be used: ${fault.message}.`);
      else note("signature", "open", "The log signed it", "This browser cannot check Ed25519 signatures. Use a newer one, or the program parlour-verify.");
    }
    const proven = inTree && isSigned;
    show({ proven, text: proven ? "This receipt is genuine." : "This receipt proves nothing." }, checks, record, receipt.record);
  };

  const run = () => check($("receipt").value, $("keys").value).catch(() =>
    show({ proven: false, text: "This browser cannot check receipts." }, [{ id: "browser", state: "open", title: "The browser’s cryptography",
      detail: "It is there only on pages that came encrypted, from this machine, or as a file. Open the page that way." }]));

  $("form").addEventListener("submit", (event) => { event.preventDefault(); run(); });
  $("file").addEventListener("change", async () => {
    const [file] = $("file").files;
    if (!file) return;
    $("receipt").value = file.size > MOST_BYTES ? "" : await file.text();
    run();
  });
  $("form").hidden = false;
})();
