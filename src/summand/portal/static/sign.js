// Signs a draft in this browser with the person's own Ed25519 key, which never leaves it. Without this file the page
// says how to sign with the command line instead.
(() => {
  const form = document.querySelector("form[data-payload]");
  if (!form || !("subtle" in (window.crypto || {}))) return;
  const place = form.querySelector("[data-here]");
  const told = form.querySelector("[data-told]");
  const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const textOf = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
  const hexOf = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const paeOf = (type, payload) => {
    const head = new TextEncoder().encode(`DSSEv1 ${type.length} ${type} ${payload.length} `);
    const all = new Uint8Array(head.length + payload.length);
    all.set(head);
    all.set(payload, head.length);
    return all;
  };
  const sign = async (pem) => {
    const der = bytesOf(pem.replace(/-----[^-]+-----/g, "").replace(/\s+/g, ""));
    const key = await crypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, true, ["sign"]);
    const open = (await crypto.subtle.exportKey("jwk", key)).x.replace(/-/g, "+").replace(/_/g, "/");
    const keyid = hexOf(await crypto.subtle.digest("SHA-256", bytesOf(open + "=")));
    const payload = bytesOf(form.dataset.payload);
    const sig = textOf(await crypto.subtle.sign("Ed25519", key, paeOf(form.dataset.payloadType, payload)));
    return { payload: form.dataset.payload, payloadType: form.dataset.payloadType, signatures: [{ keyid, sig }] };
  };
  place.hidden = false;
  form.querySelector("[data-key]").addEventListener("change", async (event) => {
    const file = event.target.files[0];
    if (!file) return;
    try {
      form.querySelector("[name=signed_text]").value = JSON.stringify(await sign(await file.text()));
      event.target.value = "";
      form.requestSubmit();
    } catch {
      told.textContent = "This file holds no readable Ed25519 private key, or this browser cannot sign with one.";
    }
  });
})();
