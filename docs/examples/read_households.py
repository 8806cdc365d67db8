"""Read all monitored households and the county's figures into a spreadsheet of one's own. Python 3.9 or newer, nothing to install.

    YIHU_URL=https://yihu.example.cn YIHU_TOKEN=yihu_… python read_households.py monitored.csv
"""

import csv
import json
import os
import sys
import time
import urllib.error
import urllib.request

SERVER, TOKEN = os.environ["YIHU_URL"].rstrip("/"), os.environ["YIHU_TOKEN"]
COLUMNS = ["number", "householder", "village", "members", "status", "phone"]


def get(url):
    """The answer to a GET as Python data. Waits where the server asks to, ends with the server's own sentence where it refuses."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}", "Accept": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 429:
                time.sleep(int(error.headers.get("Retry-After", 5)))
                continue
            sys.exit(json.load(error)["error"])


def rows(url):
    """Every row of a list, page after page."""
    while url:
        answer = get(url)
        yield from answer["results"]
        url = answer["next"]


def main(path):
    me = get(f"{SERVER}/api/me/")
    print(f"{me['name']}: {', '.join(each['text'] for each in me['permissions'])}")
    count = 0
    with open(path, "w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows(f"{SERVER}/api/households/?status=monitored&size=500"):
            writer.writerow([
                row["number"], row["householder"], row["village"]["name"], row["members"], row["status"]["text"], row["phone"],
            ])
            count += 1
    print(f"{count} households in {path}")
    for region in get(f"{SERVER}/api/boards/"):
        board = get(f"{SERVER}/api/boards/{region['id']}/")
        for tile in board["tiles"]:
            print(f"{region['name']} {tile['label']}: {tile['cell']['text']} {tile['cell']['unit']} ({board['as_of']})")


if __name__ == "__main__":
    main(sys.argv[1])
