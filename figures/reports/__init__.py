"""报表中心: tables over the datasets, ready-made and put together by hand, on screen, as spreadsheets and on paper, kept and sent by the calendar."""
