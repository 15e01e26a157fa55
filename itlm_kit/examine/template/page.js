"use strict"

const byId = id => document.getElementById(id)
const PAGE = byId("scroller") ? 100 : 240 // rows or cards drawn at once: a browser chokes on 10,000
const { id, fields } = JSON.parse(byId("data").textContent)
const filters = [...document.querySelectorAll("[data-filter]")]
const memory = `itlm-checks-${id}`
const checks = recall() // position -> "right" or "wrong"
let shown = [] // numbers of the samples that pass the filters, in the order of the list
let first = 0 // place in it of the first one drawn

function fillChoices(select) {
  const inOrder = new Intl.Collator(undefined, { numeric: true }).compare
  const texts = [...new Set(fields[select.dataset.filter])].sort(inOrder)
  select.append(...texts.map(text => new Option(text || "—", text)))
}

function show() {
  shown = [...fields.index.keys()].filter(passes)
  turnTo(0)
  const suspects = shown.filter(i => fields.verdict[i] === "suspect").length
  const samples = `${counted(shown.length)} of ${counted(fields.index.length)} samples shown`
  byId("count").value = `${samples}, ${counted(suspects)} of them suspects`
}

function counted(number) {
  return number.toLocaleString("en")
}

function passes(i) {
  const isToShow = {
    all: () => true,
    suspects: () => fields.verdict[i] === "suspect",
    checked: () => fields.index[i] in checks,
  }[byId("show").value]()
  return isToShow && filters.every(select => isOfClass(select, i)) && isFound(i)
}

function isOfClass(select, i) {
  return select.selectedIndex === 0 || fields[select.dataset.filter][i] === select.value
}

function isFound(i) {
  const sought = byId("search").value.trim().toLowerCase()
  return !sought || Object.values(fields).some(texts => texts[i].toLowerCase().includes(sought))
}

function turnTo(place) {
  first = place
  const page = shown.slice(first, first + PAGE)
  byId("samples").replaceChildren(...page.map(drawSample))
  const range = `${counted(first + 1)} to ${counted(first + page.length)} of ${counted(shown.length)}`
  byId("place").value = page.length ? range : "no sample is like that"
  byId("previous").disabled = first === 0
  byId("next").disabled = first + PAGE >= shown.length
  returnToTop()
}

function returnToTop() {
  byId("scroller")?.scrollTo({ top: 0 })
  const main = document.querySelector("main")
  if (main.getBoundingClientRect().top < 0) main.scrollIntoView()
}

function drawSample(i) {
  const sample = byId("sample").content.firstElementChild.cloneNode(true)
  sample.dataset.i = i
  sample.classList.add(fields.verdict[i])
  for (const slot of sample.querySelectorAll("[data-field]")) fillSlot(slot, fields[slot.dataset.field][i])
  const picture = sample.querySelector(".picture")
  if (picture) fillPicture(picture, i)
  markChecks(sample)
  return sample
}

function fillSlot(slot, text) {
  slot.textContent = text
  if (text.length > 20) slot.title = text // whole, where it is cut
}

function fillPicture(picture, i) {
  const across = Number(byId("samples").dataset.across)
  const tile = i % across ** 2
  picture.classList.add(`sheet${Math.floor(i / across ** 2)}`)
  picture.style.setProperty("--column", tile % across)
  picture.style.setProperty("--row", Math.floor(tile / across))
  picture.ariaLabel = `sample at position ${fields.index[i]}`
}

function markChecks(sample) {
  const checked = checks[fields.index[sample.dataset.i]]
  for (const button of sample.querySelectorAll("[data-check]")) button.ariaPressed = button.dataset.check === checked
}

function check(sample, word) {
  const position = fields.index[sample.dataset.i]
  if (checks[position] === word) delete checks[position]
  else checks[position] = word
  remember()
  markChecks(sample)
  countChecks()
}

function countChecks() {
  const count = Object.keys(checks).length
  byId("save").textContent = `save checks (${counted(count)})`
  byId("save").disabled = count === 0
}

function recall() {
  try {
    return JSON.parse(localStorage.getItem(memory)) ?? {}
  } catch {
    return {} // a browser may keep nothing for files
  }
}

function remember() {
  try {
    localStorage.setItem(memory, JSON.stringify(checks))
  } catch {
    tell("This browser keeps nothing for this page: save your checks before you close it.")
  }
}

function save() {
  const names = ["index", "row", "file", "given", "likely"].filter(name => name in fields)
  const checked = [...fields.index.keys()].filter(i => fields.index[i] in checks)
  const rows = checked.map(i => [...names.map(name => fields[name][i]), checks[fields.index[i]]])
  const csv = [[...names, "checked"], ...rows].map(row => row.map(quoted).join(",") + "\r\n").join("")
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob(["\ufeff", csv], { type: "text/csv" })) // the mark tells spreadsheets UTF-8
  link.download = "checked.csv"
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

function quoted(text) {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    tell(`Copied: ${text}`)
  } catch {
    tell(`To copy: ${text}`)
  }
}

function tell(text) {
  byId("told").textContent = text
  clearTimeout(tell.timer)
  tell.timer = setTimeout(() => byId("told").replaceChildren(), 4000)
}

filters.forEach(fillChoices)
countChecks()
byId("filters").addEventListener("input", show)
byId("filters").addEventListener("submit", event => event.preventDefault())
byId("previous").addEventListener("click", () => turnTo(first - PAGE))
byId("next").addEventListener("click", () => turnTo(first + PAGE))
byId("save").addEventListener("click", save)
byId("samples").addEventListener("click", event => {
  const button = event.target.closest("button")
  if (button?.dataset.check) check(button.closest(".sample"), button.dataset.check)
  else if (button) copy(button.querySelector("[data-field]").textContent)
})
show()
