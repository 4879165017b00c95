// Tells the shop's page, which opened this one in an overlay, that the bank is done.
window.parent.postMessage({ stripeSandbox: "challenge-done" }, "*");
