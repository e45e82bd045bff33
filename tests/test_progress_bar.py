from kerasrec.progress_bar import CountBar


def test_lines_without_a_terminal(capsys):
    seconds = iter([0, 0, 10, 40, 75, 3700, 9000])
    with CountBar("ranking", seconds=30, clock=lambda: next(seconds)) as bar:
        bar(100, 1100)  # an earlier process had done these
        bar(200, 1100)
        bar(300, 1100)
        bar(400, 1100)
        bar(500, 1100)
        bar(1100, 1100)
    assert capsys.readouterr().err.splitlines() == [
        "ranking: 300 of 1,100, 3 min left",  # 200 in 40 s: 800 in 160 s
        "ranking: 400 of 1,100, 3 min left",  # 300 in 75 s: 700 in 175 s
        "ranking: 500 of 1,100, 1.5 h left",  # 400 in 3700 s: 600 in 5550 s
    ]
