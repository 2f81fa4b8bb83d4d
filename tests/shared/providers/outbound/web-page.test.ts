import { expect, test } from "vitest";
import { isWebPage } from "#providers/outbound/web-page.ts";

test.each([
  ["text/csv", "<!DOCTYPE html><html>"],
  ["application/json", "\n  <HTML lang=en>"],
  [undefined, "\uFEFF<!doctype html>"],
  ["text/html; charset=utf-8", "<div>Blocked</div>"],
])("%s that begins with %j is a web page", (type, beginning) => {
  expect(isWebPage(type, beginning)).toBe(true);
});

test.each([
  ["text/html", "Date,USD,"],
  ["text/html", '<?xml version="1.0"?>'],
  ["text/xml", "<gesmes:Envelope>"],
  ["application/json", "{}"],
  [undefined, ""],
])("%s that begins with %j is data", (type, beginning) => {
  expect(isWebPage(type, beginning)).toBe(false);
});
