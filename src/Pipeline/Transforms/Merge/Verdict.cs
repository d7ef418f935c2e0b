using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>The scores of those whose values won, each counted by the weight of its fields.</summary>
internal struct Verdict
{
    public double Sum { get; private set; }

    public int Weight { get; private set; }

    public bool IsScored { get; private set; }

    public QualityMarks Marks { get; private set; }

    public void Add(int weight, in Contribution contribution, ScoreCompletion? completion)
    {
        Sum += weight * (completion?.Of(contribution) ?? contribution.Score);
        Weight += weight;
        if (weight > 0)
        {
            IsScored |= contribution.IsScored;
            Marks |= completion?.Marks(contribution) ?? contribution.Marks;
        }
    }
}
