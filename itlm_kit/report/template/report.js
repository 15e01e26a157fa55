"use strict"

const filters = document.getElementById("filters")
const claims = [...document.querySelectorAll(".claim")]

function show() {
  const [verdict, sought] = ["verdict", "search"].map(id => document.getElementById(id).value.trim().toLowerCase())
  for (const claim of claims) {
    const isMeant = !verdict || claim.dataset.verdict === verdict
    claim.hidden = !isMeant || !claim.closest("article, details").textContent.toLowerCase().includes(sought)
  }
  for (const part of document.querySelectorAll(".report :is(article, section)")) {
    part.hidden = Boolean(verdict || sought) && !part.querySelector(".claim:not([hidden])")
  }
}

function openTarget() {
  document.getElementById(decodeURIComponent(location.hash.slice(1)))?.closest("details")?.setAttribute("open", "")
}

filters.hidden = false
filters.addEventListener("input", show)
filters.addEventListener("submit", event => event.preventDefault())
addEventListener("hashchange", openTarget)
openTarget()
