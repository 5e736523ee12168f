// node browse.cjs OPTIONS: opens a page in the system's Chromium, headless and without a network, by playwright-core (NODE_PATH has it), and
// prints what a script makes of it, as JSON. OPTIONS is JSON:
//   url, others (more that may be opened), script (the body of an async function of `page`, `context`, `url` and `others`),
//   browser (a path), colorScheme, width, height, scale
// Beside the result it prints what a page must not do: errors, what the console said, dialogs, requests for anything but the page.
const {chromium} = require("playwright-core");

async function main() {
    const options = JSON.parse(process.argv[2]);
    const browser = await chromium.launch({
        executablePath: options.browser,
        // Root may not use Chromium's sandbox; what is opened comes from the tests.
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
    });
    try {
        const context = await browser.newContext({
            offline: true, viewport: {width: options.width ?? 1400, height: options.height ?? 860}, deviceScaleFactor: options.scale ?? 1,
            colorScheme: options.colorScheme ?? "light", timezoneId: "UTC", locale: "en-GB",
        });
        const page = await context.newPage();
        const seen = {errors: [], console: [], dialogs: [], requests: [], pages: 0};
        page.on("pageerror", (error) => seen.errors.push(String(error)));
        page.on("console", (message) => seen.console.push(message.text()));
        page.on("dialog", (dialog) => {
            seen.dialogs.push(dialog.message());
            dialog.dismiss();
        });
        const permitted = [options.url, ...options.others ?? []];
        page.on("request", (request) => permitted.includes(request.url()) || seen.requests.push(request.url()));
        context.on("page", () => seen.pages++);
        const AsyncFunction = (async () => {}).constructor;
        const result = await new AsyncFunction("page", "context", "url", "others", options.script)(page, context, options.url, options.others);
        console.log(JSON.stringify({result: result ?? null, ...seen}));
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
