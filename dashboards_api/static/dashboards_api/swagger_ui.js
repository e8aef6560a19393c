"use strict";

// Start Swagger UI. This file contains no data of a user. The CSRF token is read from its cookie for each request.
const pageSettings = JSON.parse(document.getElementById("page-settings").textContent);

const csrfToken = () => {
  const start = `${pageSettings.csrfCookieName}=`;
  const cookie = document.cookie.split("; ").find((each) => each.startsWith(start));
  return cookie && cookie.slice(start.length);
};

const addCsrfToken = (request) => {
  const token = csrfToken();
  const isOurs = new URL(request.url, document.baseURI).origin === window.location.origin;
  if (token && isOurs && !["GET", undefined].includes(request.method)) {
    request.headers[pageSettings.csrfHeaderName] = token;
  }
  return request;
};

const darkScheme = window.matchMedia("(prefers-color-scheme: dark)");
const applyScheme = () => document.documentElement.classList.toggle("dark-mode", darkScheme.matches);
darkScheme.addEventListener("change", applyScheme);
applyScheme();

SwaggerUIBundle({
  url: pageSettings.schemaUrl,
  dom_id: "#swagger-ui",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  requestInterceptor: addCsrfToken,
  ...pageSettings.swagger,
});
