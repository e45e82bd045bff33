"""The page in headless Chromium, by keyboard alone, over a small model worked out by hand."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import threading
import types

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kerasrec.serving.page_routes import page_routes
from kerasrec.serving.refusal import Refusal

pytestmark = pytest.mark.slow

SECONDS = 30  # a deadline, on a machine that has other work to do
HOSTILE = """<script>hacked = 1</script><img src=x onerror="hacked = 1"> "quoted" & 'single'"""
TITLES = {"a": "Rye bread", "b": "Smoke and fire", "c": HOSTILE, "d": "", "e": "Quiet rivers"}
IDS = list(TITLES)
MOST = 6
QUERY = ("user", "history", "exclude", "allow", "k", "repeats")


class Server:
    """The page's own routes, and TF Serving's for what it asks of a model.

    Items score 5, 4, ... in the order of their ids; of that 1 is content. The first reason is the
    latest item of the history, with a part of 0.5, and the word is "rye".
    """

    def __init__(self, folder):
        extra = folder / "7" / "assets.extra"
        extra.mkdir(parents=True)
        (extra / "items.json").write_text(json.dumps(IDS))
        (extra / "titles.json").write_text(json.dumps(list(TITLES.values())))
        (extra / "users.json").write_text(json.dumps(["ann", "bob"]))
        about = {"model": "Toy", "num_items": 5, "num_users": 2, "created": "2026-01-02T03:04:05"}
        about |= {"max_k": MOST, "stored_histories": True, "run": {"metrics": {"recall@10": 0.25}}}
        (extra / "kerasrec.json").write_text(json.dumps(about))
        self.about = about
        self.folder, self.served = folder / "7", ["toy"]
        self.number, self.query, self.explained, self.views = 7, QUERY, True, False
        self.asked, self.refuse, self.hold, self.unit = [], None, None, 1.0

    def names(self):
        return self.served

    @contextlib.contextmanager
    def current(self, name):
        if name not in self.served:
            raise Refusal("NOT_FOUND", f"Servable not found for request: Latest({name})")
        yield types.SimpleNamespace(number=self.number, folder=self.folder)

    def routes(self):
        return [
            *page_routes(self),
            Route("/v1/models/{name}/metadata", self.metadata),
            Route("/v1/models/{name}:predict", self.predict, methods=["POST"]),
        ]

    def metadata(self, request):
        rows = {
            "dtype": "DT_STRING",
            "tensor_shape": {"dim": [{"size": "-1"}, {"size": "-1"}]},
        }
        signature = {"inputs": dict.fromkeys(self.query, rows), "outputs": {"item": rows}}
        names = ["recommend", "recommend_explained"][: 1 + self.explained]
        table = {"signature_def": dict.fromkeys(names, signature)}
        if "tasks" in self.about:
            inputs = {"user", "history", "item", *self.about["context"]}
            one = {"inputs": dict.fromkeys(inputs, rows), "outputs": {}}
            table["signature_def"] |= {"score": one, "explain": one}
        if self.views:
            inputs = dict.fromkeys((*self.query, "search_text"), rows)
            table["signature_def"]["search"] = {"inputs": inputs, "outputs": {}}
            inputs = dict.fromkeys(("user", "history", "item_weight"), rows)
            table["signature_def"]["profile"] = {"inputs": inputs, "outputs": {}}
        return JSONResponse({"metadata": {"signature_def": table}})

    async def predict(self, request):
        body = await request.json()
        self.asked.append(body)
        if self.refuse:
            return JSONResponse({"error": self.refuse}, 400)
        if body["signature_name"] == "score":
            place = [IDS.index(item) for item in body["inputs"]["item"]]
            scores = {"score": place, "click": [0.5 - 0.125 * n for n in place]}
            return JSONResponse(
                {"outputs": scores | {"watched": [12.345 * (n + 1) for n in place]}}
            )
        if body["signature_name"] == "explain":
            place = [IDS.index(item) for item in body["inputs"]["item"]]
            parts = {"group": [["item", "hour"]] * len(place)}
            parts |= {"contribution": [[0.25 * n, -1.5] for n in place]}
            parts |= {"all": [0.25 * n - 1 for n in place], "none": [0.0] * len(place)}
            return JSONResponse({"outputs": parts})
        inputs = {name: rows[0] for name, rows in body["inputs"].items()}
        if body["signature_name"] == "profile":
            outputs = {"feature": [["kind", "kind", "", "text"]], "items": [[3, 1, 0, 2]]}
            outputs |= {"value": [["tea", HOSTILE, "", "rye"]], "weight": [[0.75, 0.25, 0, 1.25]]}
            return JSONResponse({"outputs": outputs})
        if self.hold and len(inputs["history"]) == 2:
            import anyio.to_thread

            await anyio.to_thread.run_sync(self.hold.wait, SECONDS)
        history = [item for item in inputs.get("history", ()) if item]
        unwanted = {*inputs["exclude"], *(history if inputs["repeats"] == "mask" else ())}
        allowed = set(inputs["allow"]) - {""} or set(IDS)
        best = [item for item in IDS if item in allowed - unwanted][: inputs["k"]]
        outputs = {
            "item": [_filled(best, "")],
            "score": [_filled([self.unit * (5 - IDS.index(item)) for item in best], float("-inf"))],
        }
        if body["signature_name"] == "search":
            words = inputs["search_text"].split()
            known = [word for word in words if word in ("rye", "bread", "of")]
            unknown = [word for word in words if word not in known]
            outputs |= {"known_words": [len(known)], "unknown_word": [_filled(unknown, "")]}
            outputs |= {"by_words": [bool(known) and known != ["of"]]}
        if "tasks" in self.about:
            outputs["retriever_rank"] = [_filled([4, 2, 1][: len(best)], 0)]
        if body["signature_name"] == "recommend_explained":
            reason = [history[-1] if history else "", "", ""]
            outputs |= {
                "from_content": [[1.0] * MOST],
                "from_behavior": [_filled([4.0 - IDS.index(item) for item in best], 0.0)],
                "reason_item": [[reason] * MOST],
                "reason": [[[0.5, 0.0, 0.0]] * MOST],
                "word": [[["rye", "", ""]] * MOST],
                "word_feature": [[["text", "", ""]] * MOST],
                "word_reason": [[[0.25, 0.0, 0.0]] * MOST],
            }
        # json writes -Infinity, as TF Serving does.
        return Response(json.dumps({"outputs": outputs}), media_type="application/json")

    def describe(self, **more):
        """Adds to kerasrec.json."""
        self.about |= more
        self.query, self.explained = (*QUERY, *self.about["context"]), False
        (self.folder / "assets.extra" / "kerasrec.json").write_text(json.dumps(self.about))
        self.number += 1


def _filled(values, padding):
    return (values + [padding] * MOST)[:MOST]


@pytest.fixture
def server(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = Server(tmp_path)
        config = uvicorn.Config(
            Starlette(routes=server.routes()), log_level="error", lifespan="off"
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]})
        thread.start()
        server.url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        yield server
        running.should_exit = running.force_exit = True
        thread.join()


def find_chromium():
    """Paths of a Chromium and of its driver, or None."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    browser = next(filter(None, map(shutil.which, names)), None)
    folder = os.environ.get("CHROMEWEBDRIVER", "")
    driver = shutil.which("chromedriver", path=folder or None) or shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    found = find_chromium()
    if found is None:
        pytest.skip(
            "THE PAGE WAS NOT TESTED: no Chromium here. "
            "On Debian: apt-get install chromium chromium-driver"
        )
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    profile = tmp_path_factory.mktemp("profile")
    for argument in (
        "--headless=new",
        "--no-sandbox",  # as root, in a container
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--window-size=1280,900",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService(found[1]))
    yield driver
    driver.quit()


class Page:
    """The page as somebody with a keyboard meets it."""

    def __init__(self, driver):
        self.driver = driver

    def until(self, condition):
        from selenium.common.exceptions import StaleElementReferenceException
        from selenium.webdriver.support.ui import WebDriverWait

        ignored = [StaleElementReferenceException]
        wait = WebDriverWait(self.driver, SECONDS, 0.02, ignored_exceptions=ignored)
        return wait.until(lambda _: condition())

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def texts(self, selector):
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent)"
        return self.driver.execute_script(script, selector)

    def text(self, selector):
        return self.texts(selector)[0]

    def press(self, *keys):
        """Keys go to whatever has the focus."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self):
        element = self.driver.switch_to.active_element
        return element.get_attribute("id") or element.get_attribute("aria-label") or element.text

    def tab_to(self, name):
        from selenium.webdriver import Keys

        for _ in range(60):
            if self.focused() == name:
                return
            self.press(Keys.TAB)
        raise AssertionError(f"{name} is not reached by the tab key")

    def open(self, url):
        self.driver.get("about:blank")
        self.driver.get(url)
        self.until(lambda: self.text("#status").endswith(" ms") or self.shown("#error"))

    def shown(self, selector):
        return all(element.is_displayed() for element in self.all(selector))

    def pick(self, text):
        from selenium.webdriver import Keys

        before = self.texts("#list .title")
        self.press(text)
        self.until(lambda: self.all("[role=option][aria-selected=true]"))
        self.press(Keys.ENTER)
        return before

    def recommended(self, titles):
        self.until(lambda: self.texts("#list .title") == titles)


@pytest.fixture
def page(chromium, server):
    page = Page(chromium)
    chromium.get_log("browser")
    page.open(server.url)
    yield page
    errors = [entry["message"] for entry in chromium.get_log("browser")]
    # A refused request is named by the browser itself; nothing else may go wrong.
    assert not [error for error in errors if "Failed to load resource" not in error]


def asked(server):
    return server.asked[-1]["inputs"]


def test_what_a_model_is_and_what_it_says_to_somebody_new(page):
    assert (page.text("#name"), page.text("#version")) == ("toy", "version 7")
    assert page.text("#facts") == "Toy \u00b7 5 items \u00b7 2 users \u00b7 made 2026-01-02"
    assert "run metrics recall@10" in page.texts("#about dt")
    assert page.text("#heading") == "For somebody new"
    assert page.text("#status").startswith("5 recommendations, all there are, in ")
    assert page.texts("#list .title") == [
        "Rye bread",
        "Smoke and fire",
        HOSTILE,
        "d",
        "Quiet rivers",
    ]
    assert page.texts("#list .score") == ["5.00", "4.00", "3.00", "2.00", "1.00"]


def test_two_items_by_keyboard(page, server):
    page.tab_to("history-input")
    page.pick("bread")
    page.recommended(["Smoke and fire", HOSTILE, "d", "Quiet rivers"])
    page.pick("fire")
    page.recommended([HOSTILE, "d", "Quiet rivers"])
    assert page.focused() == "history-input"
    assert page.text("#heading") == "For somebody who took 2 items"
    assert asked(server) == {
        "user": [""],
        "history": [["", "a", "b"]],
        "exclude": [[""]],
        "allow": [[""]],
        # Not 10, which the form begins with: the model has no more in an answer.
        "k": [MOST],
        "repeats": ["mask"],
    }


def test_shares_reasons_and_words(page):
    page.tab_to("history-input")
    page.pick("fire")
    page.recommended(["Rye bread", HOSTILE, "d", "Quiet rivers"])
    assert page.texts("#list .parts")[0] == "behaviour +4.00, content +1.00"
    assert page.texts("#list .why")[:2] == [
        "because of Smoke and fire +0.50",
        "words in text rye +0.25 ",
    ]
    # Of the widest bar, 5: 4 parts of 5 and 1 of 5; of the last, 0 and 1.
    width = "return [...document.querySelectorAll('.part')].map(e => e.style.width)"
    widths = page.driver.execute_script(width)
    assert widths[:2] == ["80%", "20%"]
    assert widths[-2:] == ["0%", "20%"]
    assert page.shown("#legend")


def test_foreign_titles_are_text(page):
    page.tab_to("history-input")
    page.press("quoted")
    page.until(lambda: page.all("[role=option]"))
    assert page.texts("[role=option] span")[0] == HOSTILE
    from selenium.webdriver import Keys

    page.press(Keys.ENTER)
    page.until(lambda: "because of" in page.text("#list .why"))
    assert page.texts(".chips span") == [HOSTILE]
    assert page.text("#list .cause") == HOSTILE
    assert page.driver.execute_script("return typeof hacked") == "undefined"
    assert not page.all("#list img, #list script, .chips img, .chips script")


def test_the_combobox_tells_what_it_does(page):
    from selenium.webdriver import Keys

    page.tab_to("history-input")
    box = page.driver.switch_to.active_element
    attributes = {name: box.get_attribute(name) for name in ("role", "aria-expanded")}
    assert attributes == {"role": "combobox", "aria-expanded": "false"}
    page.press(Keys.ARROW_DOWN)
    page.until(lambda: len(page.all("[role=option]")) == 5)
    assert box.get_attribute("aria-expanded") == "true"
    assert box.get_attribute("aria-controls") == page.all("[role=listbox]")[0].get_attribute("id")
    assert page.text("#announced") == "5 suggestions."
    page.press(Keys.ARROW_UP)  # from nowhere to the last
    (chosen,) = page.all("[aria-selected=true]")
    assert (chosen.text, box.get_attribute("aria-activedescendant")) == (
        "Quiet rivers\ne",
        chosen.get_attribute("id"),
    )
    page.press(Keys.ARROW_DOWN)  # and around to the first
    assert page.all("[aria-selected=true]")[0].text == "Rye bread\na"
    page.press(Keys.ESCAPE)
    assert box.get_attribute("aria-expanded") == "false"
    assert not page.all("[role=option]")
    page.press("nothing like it")
    page.until(lambda: "Nothing found" in page.text("#announced"))


def test_taking_and_removing(page):
    from selenium.webdriver import Keys

    page.tab_to("Take Smoke and fire into the history")
    page.press(Keys.ENTER)
    page.recommended(["Rye bread", HOSTILE, "d", "Quiet rivers"])
    # The focus stays at the second place.
    page.until(lambda: page.focused() == f"Take {HOSTILE} into the history")
    page.driver.execute_script("document.querySelector('.skip').focus()")
    page.tab_to("history-input")
    page.press(Keys.BACK_SPACE)
    page.recommended(list(map(_shown, IDS)))
    page.pick("bread")
    page.recommended(list(map(_shown, "bcde")))
    page.driver.execute_script("document.querySelector('.skip').focus()")
    page.tab_to("Remove Rye bread")
    page.press(Keys.SPACE)
    page.recommended(list(map(_shown, IDS)))
    assert page.focused() == "history-input"


def _shown(item):
    return TITLES[item] or item


def test_a_user_k_seen_exclude_and_allow(page, server):
    from selenium.webdriver import Keys

    page.tab_to("user-input")
    page.pick("bo")
    page.until(lambda: page.text("#heading") == "For bob")
    assert (asked(server)["user"], asked(server)["history"]) == (["bob"], [[""]])
    page.tab_to("k")
    page.press(Keys.CONTROL, "a", Keys.NULL, "2")
    page.recommended(["Rye bread", "Smoke and fire"])
    page.tab_to("seen")
    page.press(Keys.SPACE)
    page.until(lambda: asked(server)["repeats"] == ["allow"])
    page.tab_to("Exclude and allow")
    page.press(Keys.ENTER)
    page.tab_to("exclude-input")
    page.pick("bread")
    page.recommended(["Smoke and fire", HOSTILE])
    page.tab_to("allow-input")
    page.pick("rivers")
    page.recommended(["Quiet rivers"])
    assert page.text("#status").startswith("1 recommendation, all there are")
    assert asked(server)["exclude"] == [["", "a"]]
    # The address has it all.
    page.open(page.driver.current_url)
    page.recommended(["Quiet rivers"])
    assert page.texts(".chips span") == ["bob", "Rye bread", "Quiet rivers"]
    page.tab_to("clear")
    page.press(Keys.ENTER)
    page.recommended(["Rye bread", "Smoke and fire"])


def test_small_scores_have_digits_too(page, server):
    server.unit, server.explained = 0.0123, False
    page.open(server.url)
    assert page.texts("#list .score") == ["0.0615", "0.0492", "0.0369", "0.0246", "0.0123"]


def test_why_is_left_out_where_nobody_wants_it(page, server):
    from selenium.webdriver import Keys

    page.tab_to("why")
    page.press(Keys.SPACE)
    page.until(lambda: server.asked[-1]["signature_name"] == "recommend")
    page.until(lambda: not page.all("#list .why"))
    assert not page.shown("#legend")


def test_an_error_is_a_sentence_and_one_can_try_again(page, server):
    from selenium.webdriver import Keys

    server.refuse = "k must be at most 3 <b>here</b>"
    page.tab_to("history-input")
    page.pick("bread")
    page.until(lambda: page.shown("#error"))
    assert page.text("#error p") == "The server says: k must be at most 3 <b>here</b>"
    assert page.all("#error")[0].get_attribute("role") == "alert"
    assert not page.all("#list li")
    server.refuse = None
    page.tab_to("Try again")
    page.press(Keys.ENTER)
    page.recommended(list(map(_shown, "bcde")))
    assert not page.shown("#error")


def test_a_server_that_is_gone(page, server):
    from selenium.webdriver import Keys

    page.driver.execute_cdp_cmd("Network.enable", {})
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    try:
        page.tab_to("seen")
        page.press(Keys.SPACE)
        page.until(lambda: page.shown("#error"))
        assert page.text("#error p") == "The server does not answer. Is it still running?"
    finally:
        page.driver.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )
        page.driver.execute_cdp_cmd("Network.disable", {})


def test_an_answer_that_is_late_does_not_replace_a_newer_one(page, server):
    server.hold = threading.Event()
    page.tab_to("history-input")
    page.pick("bread")  # its answer is held
    page.until(lambda: asked(server)["history"] == [["", "a"]])
    page.pick("rivers")
    page.recommended(list(map(_shown, "bcd")))
    server.hold.set()
    # The next answer comes after the late one.
    page.pick("fire")
    page.recommended(list(map(_shown, "cd")))


def test_a_model_that_knows_only_users(page, server):
    server.query, server.explained = ("user", "exclude", "allow", "k", "repeats"), False
    page.open(server.url)
    assert not page.shown("#history")
    assert not page.shown("#why-field")
    assert page.shown("#user")
    assert not page.all("#list .take")
    page.tab_to("user-input")
    page.pick("ann")
    page.until(lambda: page.text("#heading") == "For ann")
    assert "history" not in asked(server)


FEATURES = {
    "hour": {"kind": "category", "values": ["9", "22", HOSTILE]},
    "city": {"kind": "category"},
    "price": {"kind": "number"},
    "tags": {"kind": "categories", "separator": "|"},
    "at": {"kind": "time"},
    "place": {"kind": "vector", "size": 2},
}


def features(server):
    return {name: asked(server)[name] for name in FEATURES}


def test_features_of_the_request(page, server):
    from selenium.webdriver import Keys

    assert not page.shown("#context")
    server.describe(context=FEATURES)
    page.open(server.url)
    assert page.shown("#context")
    assert page.texts("#context label") == list(FEATURES)
    assert page.texts("#context-hour option") == ["not given", "9", "22", HOSTILE]
    # A missing number is NaN, as TF Serving reads it; JSON has no way to say it to `==`.
    nothing = features(server)
    assert nothing.pop("price")[0] != nothing["place"][0][0]  # NaN is no number's equal
    assert [one != one for one in nothing.pop("place")[0]] == [True, True]
    assert nothing == {"hour": [""], "city": [""], "tags": [[""]], "at": [0]}
    texts = {"hour": "22", "city": "Rome", "price": "-2.5", "tags": "a | b", "place": "1, 2.5"}
    for name, text in texts.items():
        page.tab_to(f"context-{name}")
        page.press(text, Keys.TAB)
    page.until(lambda: asked(server)["place"] == [[1, 2.5]])
    given = {"hour": ["22"], "city": ["Rome"], "price": [-2.5], "tags": [["", "a", "b"]]}
    assert features(server) == {**given, "at": [0], "place": [[1, 2.5]]}
    # The address has it all; 2024-01-01 10:00 UTC is 1704103200.
    page.open(page.driver.current_url + "&context.at=2024-01-01T10%3A00")
    assert features(server) == {**given, "at": [1704103200], "place": [[1, 2.5]]}
    page.tab_to("clear")
    page.press(Keys.ENTER)
    page.until(lambda: asked(server)["hour"] == [""])
    assert "context" not in page.driver.current_url
    page.tab_to("context-place")
    page.press("1", Keys.TAB)
    page.until(lambda: page.shown("#error"))
    assert page.text("#error p") == "place needs 2 numbers with commas between them."


def test_what_tasks_predict(page, server):
    server.describe(
        context={"hour": {"kind": "category"}}, tasks={"click": "binary", "watched": "seconds"}
    )
    page.open(server.url + "#model=toy&context.hour=9&k=2")
    assert page.texts("#list .tasks") == [
        "click 50.0%, watched 12.3 s",
        "click 37.5%, watched 24.7 s",
    ]
    assert asked(server) == {
        "user": ["", ""], "history": [[""], [""]], "item": ["a", "b"], "hour": ["9", "9"],
    }  # fmt: skip


def test_what_the_ranker_changed_and_why(page, server):
    server.describe(context={"hour": {"kind": "category"}}, tasks={"click": "binary"})
    page.open(server.url + "#model=toy&context.hour=9&k=3")
    # Numbers 4, 2 and 1 of the retriever.
    assert page.texts("#list .moved") == ["up 3", "as the retriever", "down 2"]
    assert page.texts("#list .groups") == [
        "hour -1.50, together +0.50, item 0.00",
        "hour -1.50, together +0.50, item +0.25",
        "hour -1.50, item +0.50, together +0.50",
    ]
    page.open(server.url + "#model=toy&context.hour=9&k=3&why=no")
    assert page.texts("#list .groups") == []


@pytest.fixture
def views(page, server):
    """A page of a model that finds items by words and knows what they have in common."""
    server.views, server.explained = True, False
    page.open(server.url + "#model=toy")
    return page


def test_words_of_a_search(views, server):
    views.tab_to("words-input")
    views.press("rye")
    views.until(lambda: views.text("#heading") == "For \u201crye\u201d")
    views.until(lambda: "items" in views.text("#status"))
    assert server.asked[-1]["signature_name"] == "search"
    assert asked(server)["search_text"] == ["rye"]
    assert not views.shown("#words-note")
    views.press(" crispy thin")
    views.until(lambda: views.shown("#words-note") and "thin" in views.text("#words-note"))
    assert views.text("#words-note") == "No item has: crispy, thin."
    for words, note in (
        ("blue", "No item has these words: these are popular ones."),
        ("of", "The items cannot be told apart by these words: these are popular ones."),
    ):
        views.open(f"{server.url}#model=toy&words={words}")
        assert views.text("#words-note") == note
    views.driver.find_element("id", "clear").click()
    views.until(lambda: views.text("#heading") == "For somebody new")
    assert not views.shown("#words-note")
    assert server.asked[-1]["signature_name"] == "recommend"


def test_a_portrait_of_what_was_taken(views, server):
    assert not views.shown("#portrait")
    views.open(server.url + "#model=toy&history=a&history=b")
    assert views.shown("#portrait")
    (request,) = [one for one in server.asked if one["signature_name"] == "profile"]
    # NaN, no weight, is read from the body as in TF Serving.
    assert request["inputs"]["history"] == [["", "a", "b"]]
    assert [weight != weight for weight in request["inputs"]["item_weight"][0]] == [True] * 3
    views.driver.find_element("css selector", "#portrait summary").click()
    assert views.texts("#portrait h3") == ["kind", "text"]
    assert views.texts("#portrait .value") == ["tea", HOSTILE, "rye"]
    assert views.texts("#portrait .amount") == ["0.75", "0.25", "1.25"]
    width = "return [...document.querySelectorAll('#portrait .part')].map(e => e.style.width)"
    shown = [float(text.rstrip("%")) for text in views.driver.execute_script(width)]
    assert shown == pytest.approx([100, 100 / 3, 100], abs=0.01)


def test_a_model_without_words_has_no_field_for_them(page):
    assert not page.shown("#words") and not page.shown("#portrait")


def test_a_new_version_is_noticed(page, server):
    titles = server.folder / "assets.extra" / "titles.json"
    titles.write_text(json.dumps(["Rye bread", "Embers", "", "", ""]))
    server.number, server.explained = 8, False
    page.tab_to("history-input")
    page.pick("bread")
    page.recommended(["Embers", "c", "d", "e"])
    assert page.text("#version") == "version 8"
    assert not page.shown("#why-field")


def test_several_models(page, server):
    from selenium.webdriver import Keys

    server.served = ["other", "toy"]
    page.open(server.url + "#model=toy")
    assert page.shown("#model")
    page.tab_to("model")
    page.press(Keys.ARROW_UP)
    page.until(lambda: page.driver.title == "other: kerasrec")


def test_no_model(page, server):
    server.served = []
    page.open(server.url)
    assert page.text("#error p") == "No model is loaded yet."


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_and_both_colour_schemes(page, scheme):
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    phone = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    try:
        page.tab_to("history-input")
        page.pick("quoted")
        page.until(lambda: "because of" in page.text("#list .why"))
        assert page.driver.execute_script("return document.documentElement.scrollWidth") <= 360
        for selector in ("h2", ".hint", ".title", ".id", ".parts .behavior", ".parts .content"):
            assert contrast(page, selector) >= 4.5, selector
        outline = "return getComputedStyle(document.activeElement).outlineWidth"
        assert page.driver.execute_script(outline) == "3px"
    finally:
        page.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def contrast(page, selector):
    """Of a text with the card it stands on, as WCAG 2 defines it."""
    script = """
        const style = (e) => getComputedStyle(e);
        const e = document.querySelector("#results " + arguments[0]);
        return [style(e).color, style(e.closest(".card")).backgroundColor]"""
    lights = []
    for colour in page.driver.execute_script(script, selector):
        parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(", ")[:3]]
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
        )
        lights.append(0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return (max(lights) + 0.05) / (min(lights) + 0.05)


def test_where_there_is_no_chromium_it_is_said(monkeypatch):
    monkeypatch.setenv("PATH", str(pathlib.Path(__file__).parent))
    monkeypatch.delenv("CHROMEWEBDRIVER", raising=False)
    assert find_chromium() is None


@pytest.mark.export
def test_a_real_export_on_the_real_server(chromium, tmp_path):
    """What the page shows is what the model says in Python."""
    import keras

    from kerasrec.data import load
    from kerasrec.export import export
    from kerasrec.serving.server import Server as LocalServer
    from kerasrec_zoo import Hybrid

    keras.utils.set_random_seed(5)
    train = load("synthetic", users=60, items=96)
    model = Hybrid(train.schema(history_length=5), dim=8)
    model.adapt(train)
    export(model, tmp_path / "bookstore" / "2", k=20)
    one, other = model.items.vocabulary.ids[:2]
    expected = model.recommend(histories=[[one, other]], k=10)
    page = Page(chromium)
    chromium.get_log("browser")
    with LocalServer(tmp_path / "bookstore", port=0, say=lambda _: None) as server:
        page.open(f"http://127.0.0.1:{server.port}/")
        assert (page.text("#name"), page.text("#version")) == ("bookstore", "version 2")
        page.tab_to("history-input")
        page.pick(one)
        page.until(lambda: page.text("#heading").endswith("one item"))
        page.pick(other)
        page.recommended(list(expected.title))
        assert page.texts("#list .id") == list(expected.item)
        shown = [float(score) for score in page.texts("#list .score")]
        assert shown == pytest.approx(list(expected.score), rel=0.01)
        chromium.get("about:blank")
    assert not chromium.get_log("browser")


def test_a_served_ranker(chromium, context_ranker, context_export):
    from kerasrec.serving.server import Server as LocalServer

    with pytest.warns(UserWarning, match="price, tags, query, at, place not given"):
        expected = context_ranker.recommend(users=["u1"], k=6, context={"hour": 9})
    with pytest.warns(UserWarning, match="not given"):
        nothing = context_ranker.recommend(users=["u1"], k=6)
    assert list(expected.item) != list(nothing.item)
    page = Page(chromium)
    chromium.get_log("browser")
    with LocalServer(context_export, port=0, say=lambda _: None) as server:
        page.open(f"http://127.0.0.1:{server.port}/#model=shop&user=u1&context.hour=9&seen=no")
        assert page.texts("#list .id") == list(expected.item)
        assert len(page.all("#list .tasks")) == 6
        clicks = [float(text.split("%")[0].removeprefix("click ")) for text in page.texts(".tasks")]
        assert clicks == pytest.approx(list(100 * expected.score), abs=0.06)
        chromium.get("about:blank")
    assert not chromium.get_log("browser")
