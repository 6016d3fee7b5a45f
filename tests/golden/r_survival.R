# What R prints for the two published tables in test_golden_cox.py and test_golden_logrank.py.
# Rscript tests/golden/r_survival.R ../shared/data/survival/veteran.csv > tests/golden/r_survival.txt
library(survival)
cat(R.version.string, "| survival", as.character(packageVersion("survival")), "\n\n")
veteran_data <- read.csv(commandArgs(trailingOnly = TRUE)[1])
veteran_data$celltype <- relevel(factor(veteran_data$celltype), ref = "squamous")
model <- coxph(Surv(time, status) ~ trt + celltype + karno + diagtime + age + prior, data = veteran_data)
print(signif(coef(summary(model))[, c("coef", "se(coef)")], 10))
cat("\n")
print(survdiff(Surv(time, status) ~ sex, data = lung))
