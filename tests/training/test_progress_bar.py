from kerasrec.training import ProgressBar


def test_it_is_full_at_the_end_for_any_steps_per_execution():
    with ProgressBar(epochs=2, steps=20, monitor="val_ndcg@10") as bar:
        bar.set_params({"steps": 20})
        done = []
        for epoch in range(2):
            bar.on_epoch_begin(epoch)
            for last in (15, 31):  # as Keras counts with 16 steps an execution
                bar.on_train_batch_end(last, {"loss": 0.5})
                done.append(bar._bar.tasks[0].completed)
            bar.on_epoch_end(epoch, {"val_ndcg@10": 0.25})
        assert done == [16, 20, 36, 40]
        assert bar._bar.tasks[0].fields == {"loss": "loss 0.5000", "metric": " val_ndcg@10 0.2500"}
