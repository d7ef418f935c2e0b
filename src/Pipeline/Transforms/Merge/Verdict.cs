namespace StreamEngine.Pipeline.Transforms.Merge;

/// <summary>The scores of those whose values won, each counted by the weight of its fields.</summary>
internal struct Verdict
{
    public double Sum { get; private set; }

    public int Weight { get; private set; }

    public bool IsScored { get; private set; }

    public bool IsOld { get; private set; }

    public bool IsFlagged { get; private set; }

    public void Add(int weight, in Contribution contribution)
    {
        Sum += weight * contribution.Score;
        Weight += weight;
        IsScored |= weight > 0 && contribution.IsScored;
        IsOld |= weight > 0 && contribution.IsOld;
        IsFlagged |= weight > 0 && contribution.IsFlagged;
    }
}
